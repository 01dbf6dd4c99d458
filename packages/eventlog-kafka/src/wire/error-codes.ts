/** Error codes of the protocol that we tell apart (Kafka protocol guide, "Error Codes"). */
export const errorCode = {
  none: 0,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeaderOrFollower: 6,
  requestTimedOut: 7,
  replicaNotAvailable: 9,
  messageTooLarge: 10,
  coordinatorLoadInProgress: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  invalidTopic: 17,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  invalidRequiredAcks: 21,
  illegalGeneration: 22,
  inconsistentGroupProtocol: 23,
  unknownMemberId: 25,
  rebalanceInProgress: 27,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
  clusterAuthorizationFailed: 31,
  unsupportedVersion: 35,
  topicAlreadyExists: 36,
  invalidReplicationFactor: 38,
  notController: 41,
  invalidRequest: 42,
  unsupportedForMessageFormat: 43,
  policyViolation: 44,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  offsetNotAvailable: 78,
  memberIdRequired: 79,
  invalidRecord: 87,
} as const;

const nameByCode = new Map<number, string>(Object.entries(errorCode).map(([name, code]) => [code, name]));

/** The name of a code, for messages. */
export const errorNameOf = (code: number): string => nameByCode.get(code) ?? `error code ${code}`;
