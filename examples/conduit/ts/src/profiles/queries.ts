import { db } from "../database.js";
import { notFound } from "../errors.js";
import type { Profile } from "./model.js";

/** Returns the profile of a user and its id. */
export async function findProfile(username: string, viewer: number | null): Promise<[id: number, Profile]> {
  const row = await db.first<Profile & { id: number }>`
    select u.id, u.username, u.bio, u.image,
      exists (select 1 from follows f where f.follower_id = ${viewer} and f.followed_id = u.id) as following
    from users u
    where u.username = ${username}`;
  if (row === undefined) throw notFound("profile");
  const { id, bio, image } = row;
  return [id, { username: row.username, bio, image, following: Boolean(row.following) }];
}

export async function follow(follower: number, username: string): Promise<Profile> {
  const [id, profile] = await findProfile(username, follower);
  await db.execute`insert into follows (follower_id, followed_id) values (${follower}, ${id}) on conflict do nothing`;
  return { ...profile, following: true };
}

export async function unfollow(follower: number, username: string): Promise<Profile> {
  const [id, profile] = await findProfile(username, follower);
  await db.execute`delete from follows where follower_id = ${follower} and followed_id = ${id}`;
  return { ...profile, following: false };
}
