/** Whether `dist` is there and newer than everything it is made from; a package has nothing else. */
export function isBuilt(): boolean
