/** Whether `dist` is there and newer than each file that it was made from; a package has nothing else. */
export function isBuilt(): boolean
