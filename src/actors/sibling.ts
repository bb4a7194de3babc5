/**
 * URL of the module `name` beside the caller: `.ts` when run from source, `.js` when run from dist. The build rewrites
 * import specifiers but not URLs.
 */
export function sibling(caller: string, name: string): URL {
  return new URL(`./${name}${caller.endsWith('.ts') ? '.ts' : '.js'}`, caller)
}
