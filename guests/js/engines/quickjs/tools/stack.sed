# Limits recursion by the native stack of the host.
#
# QuickJS limits recursion by the address of a stack frame. In WebAssembly, that is only the part of a frame in linear
# memory. The host keeps locals and return addresses on the native stack, which a module cannot inspect and whose
# overflow is a trap. Therefore each recursive function reserves as much linear memory as one level of the recursion
# takes on the native stack, measured with wasmtime 48 (the first depth that trapped, for each kind of recursion).
/^static JSValue JS_CallInternal(/,/^}/s/if (js_check_stack_overflow(/RESERVE(672); &/
/^static JSValue js_call_c_function(/,/^}/s/if (js_check_stack_overflow(/RESERVE(1024); &/
/^static JSValue js_call_bound_function(/,/^}/s/if (js_check_stack_overflow(/RESERVE(512); &/
/^static JSValue async_func_resume(/,/^}/s/if (js_check_stack_overflow(/RESERVE(192); &/
/^static int64_t JS_FlattenIntoArray(/,/^}/s/if (js_check_stack_overflow(/RESERVE(288); &/
/^static JSValue json_parse_value(/,/^}/s/if (js_check_stack_overflow(/RESERVE(256); &/
/^static JSValue internalize_json_property(/,/^}/s/if (js_check_stack_overflow(/RESERVE(320); &/
/^static int js_json_to_str(/,/^}/s/if (js_check_stack_overflow(/RESERVE(320); &/
/^static JSValue JS_ReadObjectRec(/,/^}/s/if (js_check_stack_overflow(/RESERVE(512); &/
/^static int JS_WriteObjectRec(/,/^}/s/if (js_check_stack_overflow(/RESERVE(512); &/
/^static int re_parse_disjunction(/,/^}/s/if (lre_check_stack_overflow(/RESERVE(416); &/
/^static JSValue js_proxy_get(/,/^}/s/^{$/{ RESERVE(384);/
/^static JSValue JS_ToPrimitiveFree([^;]*$/,/^}/s/^{$/{ RESERVE(832);/
/^static __exception int js_parse_assign_expr2([^;]*$/,/^}/s/^{$/{ RESERVE(2432);/

# Omits the sources of functions while the prelude is loaded. `toString` then returns the text of a native function.
s/\(fd->source_len = \)\(s->last_ptr - ptr\);/\1KEPT(\2);/
s/\(fd->source_len = \)\(s->buf_ptr - ptr\);/\1KEPT(\2);/
s/\(ctor_fd->source_len = \)\(s->buf_ptr - class_start_ptr\);/\1KEPT(\2);/
/^static JSValue js_function_toString(/,/^}/s/if (b->source)$/if (b->source_len)/

# Each job remembers the task that was current when it was enqueued, or when its reaction was added to a promise, and runs
# in that task (`src/tasks.rs`).
/^typedef struct JSJobEntry {/,/^}/s/    int argc;/    int argc; unsigned task;/
/^int JS_EnqueueJob(/,/^}/s/    e->argc = argc;/    e->argc = argc; e->task = engine_task;/
/^int JS_ExecutePendingJob(/,/^}/s/    res = e->job_func(/    if (e->task != engine_task) engine_enter(e->task);\n&/
/^typedef struct JSPromiseReactionData {/,/^}/s/    JSValue handler;/    JSValue handler; unsigned task;/
/^static __exception int perform_promise_then([^;]*$/,/^}/s/        rd->handler = js_dup(handler);/& rd->task = engine_task;/
/^static void fulfill_or_reject_promise(/,/^}/s/        JS_EnqueueJob(.*;/        ENQUEUE_IN_TASK(rd->task, ctx, promise_reaction_job, 5, args);/
