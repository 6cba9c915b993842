;; An app that abuses tables and globals as no language can. Routes: /fine; /tables grows a table
;; until the host denies it, and replies with the number of elements; /grow grows it forever;
;; /state counts its calls in a global, in memory and in the length of the table, and replies with
;; all three.
(component
  (component $definition
    (core module $m
      (memory (export "memory") 1)
      (func (export "describe") (result i32) (i32.const 0))
      ;; Ok, the name, the version, four routes at 64, no settings.
      (data (i32.const 0) "\00\00\00\00\00\04\00\00\06\00\00\00\10\04\00\00\01\00\00\00\40\00\00\00\04\00\00\00\00\00\00\00\00\00\00\00")
      ;; Each of 52 bytes: the method, the path, and texts that are empty.
      (data (i32.const 68) "\20\04\00\00\05\00\00\00")
      (data (i32.const 120) "\25\04\00\00\07\00\00\00")
      (data (i32.const 172) "\2c\04\00\00\05\00\00\00")
      (data (i32.const 224) "\31\04\00\00\06\00\00\00")
      (data (i32.const 1024) "tables")
      (data (i32.const 1040) "1")
      (data (i32.const 1056) "/fine/tables/grow/state"))
    (core instance $i (instantiate $m))
    (type $method-type (enum "get" "head" "post" "put" "patch" "delete" "options" "trace"))
    (export $method "method" (type $method-type))
    (type $route-type (record
      (field "method" $method) (field "path" string) (field "name" string)
      (field "parameters" string) (field "body" string) (field "replies" string)
      (field "settings" string)))
    (export $route "route" (type $route-type))
    (type $description-type (record
      (field "name" string) (field "version" string) (field "routes" (list $route))
      (field "settings" string)))
    (export $description "description" (type $description-type))
    (type $describe (func (result (result $description (error string)))))
    (func $f (type $describe) (canon lift (core func $i "describe") (memory $i "memory")))
    (export "describe" (func $f)))
  (instance $definition-instance (instantiate $definition))
  (export "spikard:handler/definition@0.1.0" (instance $definition-instance))

  (component $handler
    (core module $m
      (memory (export "memory") 2)
      (table $t 1 funcref)
      (global $calls (mut i32) (i32.const 0))
      ;; Where the next argument goes, and where the reply's text ends.
      (global $next (mut i32) (i32.const 65536))
      (global $end (mut i32) (i32.const 0))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (global.get $next))
        (global.set $next (i32.and
          (i32.add (i32.add (global.get $next) (local.get 3)) (i32.const 7)) (i32.const -8)))
        (local.get $at))
      (func $put (param $char i32)
        (i32.store8 (global.get $end) (local.get $char))
        (global.set $end (i32.add (global.get $end) (i32.const 1))))
      (func $number (param $n i32)
        (if (i32.ge_u (local.get $n) (i32.const 10))
          (then (call $number (i32.div_u (local.get $n) (i32.const 10)))))
        (call $put (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10)))))
      (func (export "handle")
        (param $route i32) (param i32 i32) (param i32 i32 i32) (result i32)
        (global.set $next (i32.const 65536))
        (global.set $end (i32.const 1024))
        (if (i32.eq (local.get $route) (i32.const 1)) (then
          (loop $more
            (br_if $more (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))
          (drop (table.grow $t (ref.null func) (i32.const -1)))
          (call $number (table.size $t))))
        (if (i32.eq (local.get $route) (i32.const 2)) (then
          (loop $forever
            (drop (table.grow $t (ref.null func) (i32.const 1000)))
            (br $forever))))
        (if (i32.eq (local.get $route) (i32.const 3)) (then
          (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
          (i32.store (i32.const 100) (i32.add (i32.load (i32.const 100)) (i32.const 1)))
          (drop (table.grow $t (ref.null func) (i32.const 1)))
          (call $put (i32.const 91))
          (call $number (global.get $calls))
          (call $put (i32.const 44))
          (call $number (i32.load (i32.const 100)))
          (call $put (i32.const 44))
          (call $number (i32.sub (table.size $t) (i32.const 1)))
          (call $put (i32.const 93))))
        (if (i32.eqz (local.get $route)) (then (call $put (i32.const 49))))
        ;; Status 200, no headers, and the text as JSON.
        (i32.store16 (i32.const 0) (i32.const 200))
        (i32.store (i32.const 4) (i32.const 0))
        (i32.store (i32.const 8) (i32.const 0))
        (i32.store8 (i32.const 12) (i32.const 1))
        (i32.store (i32.const 16) (i32.const 1024))
        (i32.store (i32.const 20) (i32.sub (global.get $end) (i32.const 1024)))
        (i32.const 0)))
    (core instance $i (instantiate $m))
    (type $body-type (variant (case "empty") (case "json" string) (case "text" string)
      (case "form" string) (case "bytes" (list u8))))
    (export $body "body" (type $body-type))
    (type $content-type (variant (case "empty") (case "json" string) (case "text" string)
      (case "bytes" (list u8))))
    (export $content "content" (type $content-type))
    (type $handle (func (param "route" u32) (param "params" string) (param "body" $body)
      (result (tuple u16 string $content))))
    (func $f (type $handle) (canon lift (core func $i "handle")
      (memory $i "memory") (realloc (func $i "realloc"))))
    (export "handle" (func $f)))
  (instance $handler-instance (instantiate $handler))
  (export "spikard:handler/handler@0.1.0" (instance $handler-instance)))
