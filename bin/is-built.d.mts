/**
 * Whether `dist` is there and newer than each file that it was made from; a package has nothing else.
 * @param list names the files, in `dist`; all by default
 */
export function isBuilt(list?: string): boolean
