/* Makes the frame of a function larger; see stack.sed. */
#define RESERVE(size) do { char reserved_[size]; __asm__ volatile("" : : "r"(reserved_) : "memory"); } while (0)

/* The size of a function's source to keep for `toString`; the prelude is loaded without sources. */
extern unsigned char engine_keeps_sources;
#define KEPT(size) (engine_keeps_sources ? (size) : 0)
