/* Enlarges the stack frame of a function; see stack.sed. */
#define RESERVE(size) do { char reserved_[size]; __asm__ volatile("" : : "r"(reserved_) : "memory"); } while (0)

/* Size of the source that a function keeps for `toString`: 0 while the prelude is loaded. */
extern unsigned char engine_keeps_sources;
#define KEPT(size) (engine_keeps_sources ? (size) : 0)

/* The task in progress, and the function that makes another one current. */
extern unsigned engine_task;
void engine_enter(unsigned task);
#define ENQUEUE_IN_TASK(task, ...) do { unsigned own_ = engine_task; engine_task = (task); JS_EnqueueJob(__VA_ARGS__); engine_task = own_; } while (0)
