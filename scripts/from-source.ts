import { registerHooks } from 'node:module'

/** With `node --import`: `troupe/supervisor` is the source, so that what uses the library runs in a checkout unbuilt. */
const library = new URL('../src/supervisor/library.ts', import.meta.url).href
registerHooks({
  resolve: (specifier, context, next) => next(specifier === 'troupe/supervisor' ? library : specifier, context),
})
