/**
 * How many numbered routes the app has beside the others. Modules are evaluated when the
 * component is built, where no variable of the server reaches: bench/apps/more-routes makes
 * an app with another number here.
 */
export const MORE_ROUTES = 0;
