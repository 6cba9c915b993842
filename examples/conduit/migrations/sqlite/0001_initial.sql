-- The tables of Conduit. The file of the same name in ../postgres has the same tables and views, so that the apps
-- send the same statements to both databases.

create table users (
  id integer primary key,
  username text not null unique,
  email text not null unique,
  password_hash text not null,
  bio text,
  image text
) strict;

create table follows (
  follower_id integer not null references users (id) on delete cascade,
  followed_id integer not null references users (id) on delete cascade,
  primary key (follower_id, followed_id)
) strict, without rowid;

create index follows_by_followed on follows (followed_id);

-- `autoincrement` never uses the id of a deleted article again: lists order by it.
create table articles (
  id integer primary key autoincrement,
  slug text not null unique,
  title text not null,
  description text not null,
  body text not null,
  author_id integer not null references users (id) on delete cascade,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) strict;

create index articles_by_author on articles (author_id, id);

-- `position` keeps the order of an article's tags.
create table article_tags (
  article_id integer not null references articles (id) on delete cascade,
  position integer not null,
  tag text not null,
  primary key (article_id, position),
  unique (article_id, tag)
) strict, without rowid;

create index article_tags_by_tag on article_tags (tag, article_id);

create table favorites (
  article_id integer not null references articles (id) on delete cascade,
  user_id integer not null references users (id) on delete cascade,
  primary key (article_id, user_id)
) strict, without rowid;

create index favorites_by_user on favorites (user_id, article_id);

create table comments (
  id integer primary key autoincrement,
  body text not null,
  article_id integer not null references articles (id) on delete cascade,
  author_id integer not null references users (id) on delete cascade,
  created_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) strict;

create index comments_by_article on comments (article_id, id);
create index comments_by_author on comments (author_id);

-- An article as every client sees it. What depends on the viewer, `favorited` and `following`, is added by the query.
-- `tag_list` is a JSON array.
create view article_details as
select
  a.id,
  a.slug,
  a.title,
  a.description,
  a.body,
  a.created_at,
  a.updated_at,
  a.author_id,
  u.username as author_username,
  u.bio as author_bio,
  u.image as author_image,
  (
    select json_group_array(t.tag)
    from (select tag from article_tags where article_id = a.id order by position) t
  ) as tag_list,
  (select count(*) from favorites f where f.article_id = a.id) as favorites_count
from articles a
join users u on u.id = a.author_id;
