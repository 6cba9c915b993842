import type { Profile } from "../profiles/model.js";
import { envelope, text } from "../schemas.js";

export const NewComment = envelope("comment", {
  type: "object",
  properties: { body: text(50_000) },
  required: ["body"],
} as const);

export interface Comment {
  id: number;
  createdAt: string;
  updatedAt: string;
  body: string;
  author: Profile;
}
