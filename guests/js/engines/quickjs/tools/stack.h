/* Makes the frame of a function larger; see stack.sed. */
#define RESERVE(size) do { char reserved_[size]; __asm__ volatile("" : : "r"(reserved_) : "memory"); } while (0)
