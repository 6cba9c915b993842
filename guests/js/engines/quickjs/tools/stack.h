/* Enlarges the stack frame of a function; see stack.sed. */
#define RESERVE(size) do { char reserved_[size]; __asm__ volatile("" : : "r"(reserved_) : "memory"); } while (0)

/* Size of the source that a function keeps for `toString`: 0 while the prelude is loaded. */
extern unsigned char engine_keeps_sources;
#define KEPT(size) (engine_keeps_sources ? (size) : 0)
