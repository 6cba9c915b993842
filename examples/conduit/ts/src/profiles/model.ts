/** A user, as others see it. */
export interface Profile {
  username: string;
  bio: string | null;
  image: string | null;
  following: boolean;
}
