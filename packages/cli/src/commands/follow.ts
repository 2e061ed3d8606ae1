/** For how long a follow looks for an API that is away: long enough for a restart, or for the night's update. */
export const FOLLOW_SECONDS = 600
