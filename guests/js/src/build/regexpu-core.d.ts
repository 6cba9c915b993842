/** The part of `regexpu-core` that the build uses. The package has no types. */
declare module "regexpu-core" {
  interface Options {
    readonly unicodePropertyEscapes: "transform";
    readonly unicodeSetsFlag: "transform";
    readonly onNewFlags?: (flags: string) => void;
  }
  export default function rewritePattern(pattern: string, flags: string, options: Options): string;
}
