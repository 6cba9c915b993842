/** Returns the error for a main module that is neither an app nor a fetch handler. */
export function notAnApp(name: string): string {
  return (
    `\`${name}\` is neither an app nor a fetch handler: end it with ` +
    "`export const { definition, handler, hooks } = app.component();`, or export an object with a function `fetch` as default"
  );
}
