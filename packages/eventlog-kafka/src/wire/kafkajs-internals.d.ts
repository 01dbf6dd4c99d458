// What we use of the inside of kafkajs, which is pinned: the codecs of rare requests, and SASL.
// kafkajs-internals.test.ts fails when a new version moves them.

/** A request and how to read its answer. */
interface KafkajsExchange<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    encode(): Promise<{ readonly buffer: Buffer }>;
  };
  readonly response: {
    decode(body: Buffer): Promise<T>;
    /** Throws for error codes. */
    parse(data: T): Promise<T>;
  };
}

interface KafkajsApi<A, T> {
  readonly versions: readonly string[];
  protocol(choice: { readonly version: number }): (args: A) => KafkajsExchange<T>;
}

interface KafkajsTopicPartitions<P> {
  readonly topic: string;
  readonly partitions: readonly P[];
}

interface KafkajsMetadata {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly controllerId: number;
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly topic: string;
    readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[];
  }[];
}

/** What each request takes and what its answer holds. */
interface KafkajsExchanges {
  readonly ApiVersions: {
    readonly args: undefined;
    readonly answer: {
      readonly apiVersions: readonly {
        readonly apiKey: number;
        readonly minVersion: number;
        readonly maxVersion: number;
      }[];
    };
  };
  readonly Metadata: {
    readonly args: { readonly topics: readonly string[]; readonly allowAutoTopicCreation: boolean };
    readonly answer: KafkajsMetadata;
  };
  readonly ListOffsets: {
    readonly args: {
      readonly replicaId: number;
      readonly isolationLevel: number;
      readonly topics: readonly KafkajsTopicPartitions<{ readonly partition: number; readonly timestamp: number }>[];
    };
    readonly answer: {
      readonly responses: readonly KafkajsTopicPartitions<{
        readonly partition: number;
        readonly errorCode: number;
        readonly offset: string;
      }>[];
    };
  };
  readonly CreateTopics: {
    readonly args: {
      readonly topics: readonly {
        readonly topic: string;
        readonly numPartitions: number;
        readonly replicationFactor: number;
        readonly configEntries: readonly { readonly name: string; readonly value: string }[];
      }[];
      readonly validateOnly: boolean;
      readonly timeout: number;
    };
    readonly answer: {
      readonly topicErrors: readonly {
        readonly topic: string;
        readonly errorCode: number;
        readonly errorMessage: string | null;
      }[];
    };
  };
  readonly DeleteRecords: {
    readonly args: {
      readonly topics: readonly KafkajsTopicPartitions<{ readonly partition: number; readonly offset: string }>[];
      readonly timeout: number;
    };
    readonly answer: {
      readonly topics: readonly KafkajsTopicPartitions<{ readonly partition: number; readonly errorCode: number }>[];
    };
  };
  readonly GroupCoordinator: {
    readonly args: { readonly groupId: string };
    readonly answer: {
      readonly errorCode: number;
      readonly coordinator: { readonly host: string; readonly port: number };
    };
  };
  readonly JoinGroup: {
    readonly args: {
      readonly groupId: string;
      readonly sessionTimeout: number;
      readonly rebalanceTimeout: number;
      readonly memberId: string;
      readonly protocolType: string;
      readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[];
    };
    readonly answer: {
      readonly errorCode: number;
      readonly generationId: number;
      readonly leaderId: string;
      readonly memberId: string;
      readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[];
    };
  };
  readonly SyncGroup: {
    readonly args: {
      readonly groupId: string;
      readonly generationId: number;
      readonly memberId: string;
      readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
    };
    readonly answer: { readonly errorCode: number; readonly memberAssignment: Buffer };
  };
  readonly Heartbeat: {
    readonly args: { readonly groupId: string; readonly groupGenerationId: number; readonly memberId: string };
    readonly answer: { readonly errorCode: number };
  };
  readonly LeaveGroup: {
    readonly args: { readonly groupId: string; readonly memberId: string };
    readonly answer: { readonly errorCode: number };
  };
}

type KafkajsRequests = {
  readonly [A in keyof KafkajsExchanges]: KafkajsApi<KafkajsExchanges[A]['args'], KafkajsExchanges[A]['answer']>;
};

declare module 'kafkajs/src/protocol/requests/index.js' {
  const exports: { readonly requests: KafkajsRequests };
  export default exports;
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  const apiKeys: Readonly<Record<keyof KafkajsExchanges | 'Produce' | 'Fetch', number>>;
  export default apiKeys;
}

declare module 'kafkajs/src/broker/saslAuthenticator/index.js' {
  interface SaslConnection {
    readonly host: string;
    readonly port: number;
    readonly sasl: object;
    send(exchange: KafkajsExchange<unknown>): Promise<unknown>;
  }
  type Versions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;
  export default class SaslAuthenticator {
    /** Milliseconds as text; '0' when the session does not end. */
    readonly sessionLifetime: string;
    constructor(connection: SaslConnection, logger: object, versions: Versions, hasSaslAuthenticate: boolean);
    authenticate(): Promise<void>;
  }
}
