/** Variables of a server on which no traffic of these tests is too much for a client or a room: refusals would slow it down. */
export const wideLimits = {
  PARLEY_LIMITS_CLIENT_HIGH_PER_SECOND: '10000',
  PARLEY_LIMITS_CLIENT_HIGH_BURST: '10000',
  PARLEY_LIMITS_ROOM_PER_SECOND: '10000',
} as const;
