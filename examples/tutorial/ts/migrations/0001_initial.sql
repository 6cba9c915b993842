create table users (
  id integer primary key,
  username text not null unique,
  email text not null unique,
  password_hash text not null
) strict;

create table articles (
  id integer primary key,
  slug text not null unique,
  title text not null,
  description text not null,
  body text not null,
  author_id integer not null references users (id),
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) strict;
