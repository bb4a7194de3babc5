/** Variables that have Claude Code, by whatever protocol it is driven, ask nobody but its model, and that seldom. */
export const quietClaude = {
  DISABLE_TELEMETRY: '1',
  DISABLE_ERROR_REPORTING: '1',
  DISABLE_AUTOUPDATER: '1',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  CLAUDE_CODE_MAX_RETRIES: '2',
  // guesses of what a person would type next cost calls
  CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION: 'false',
} as const
