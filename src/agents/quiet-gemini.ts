/** Settings that have the Gemini CLI, by whatever protocol it is driven, ask nobody but its model, and that seldom. */
export const quietGemini = {
  privacy: { usageStatisticsEnabled: false },
  telemetry: { enabled: false },
  // it waits without a word, however long it was told to wait
  general: { enableAutoUpdate: false, maxAttempts: 2, retryFetchErrors: false },
} as const
