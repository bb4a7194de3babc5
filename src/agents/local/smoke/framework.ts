/** Test frameworks that smoke tests can be written for. */
export const frameworks = ['pytest', 'unittest', 'vitest', 'jest', 'tap', 'mocha', 'node:test'] as const
export type Framework = (typeof frameworks)[number]
