create table accounts (
  id integer primary key,
  name text not null unique,
  password_hash text not null
) strict;
