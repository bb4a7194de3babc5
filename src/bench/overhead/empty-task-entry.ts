/** The task of piscina's and tinypool's workers. */
export const emptyTask = (): undefined => undefined
