-- The tables of the suites `postgres` and `sqlite`, for both databases. Statements end with an empty line, as
-- PostgreSQL's single-user mode requires.
create table world (id integer primary key, randomnumber integer not null);

create table fortune (id integer primary key, message varchar(2048) not null);

with recursive ids (id) as (select 1 union all select id + 1 from ids where id < 10000)
insert into world (id, randomnumber) select id, id * 7919 % 10000 + 1 from ids;

insert into fortune (id, message) values
  (1, 'A cache is a guess about the future.'),
  (2, 'Benchmarks answer the question that they ask.'),
  (3, 'There are two hard problems: names, and the rest.'),
  (4, 'Measure twice, optimize once & measure again.'),
  (5, '<script>alert("A page that shows this box does not escape its text.");</script>'),
  (6, 'Every table is wide enough, until it isn''t.'),
  (7, 'The fastest query is the one that you do not send.'),
  (8, 'すべての行には物語がある。'),
  (9, 'Zero-copy is one copy less than you think.'),
  (10, 'A timer of 20 ms waits only once.'),
  (11, 'a lowercase letter sorts after all uppercase ones'),
  (12, 'Indexes are promises to readers, paid by writers.');

