/**
 * The number of extra numbered routes of the app. Modules are evaluated when the component is
 * built, before any environment variable of the server exists, so bench/apps/more-routes copies
 * the app and writes another number here.
 */
export const MORE_ROUTES = 0;
