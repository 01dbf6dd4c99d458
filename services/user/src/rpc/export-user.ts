import { encodeMedia } from '@parley/contracts/media';
import type { ExportUserRequest, ExportUserResponseInit } from '@parley/contracts/user';
import type { AppId, UserId } from '@parley/kernel';
import type { CallOptions } from '@parley/rpc';
import { encodeConversationHead, encodeRelationView, encodeUserProfile, RelationKind, type RelationView } from '@parley/wire';
import { type ExportPart, pageBehind, readExportPage } from '../export/export-page.js';
import { userLimits } from '../limits.js';
import type { ToJson, UserDeps } from '../ports.js';
import { appField, userField } from './fields.js';

/** One page of a part of the export. */
interface Exported {
  readonly lines: readonly object[];
  readonly nextPage: string;
}

interface PartRequest {
  readonly app: AppId;
  readonly user: UserId;
  readonly page: string;
  readonly call: CallOptions;
}

type ExportOf = (deps: UserDeps, request: PartRequest) => Promise<Exported>;

const event = 'parley.event.v1';

const parts: Readonly<Record<ExportPart, ExportOf>> = {
  profile: async ({ history, toJson }, { app, user, call }) => {
    const { profiles } = await history.getProfiles({ app, users: [user], isCurrent: true }, call);
    const lines = profiles.map((profile) => ({ type: 'profile', ...toJson(`${event}.UserProfile`, encodeUserProfile(profile)) }));
    return { lines, nextPage: '' };
  },
  friends: relationsOf(RelationKind.FRIENDS, () => true),
  // Each relation once.
  blocked: relationsOf(RelationKind.BLOCKED, ({ isFriend }) => !isFriend),
  requests: relationsOf(RelationKind.REQUESTS, ({ isFriend, isBlocked }) => !isFriend && !isBlocked),
  conversations: async ({ history, toJson }, { call, ...request }) => {
    const { conversations, nextPage } = await history.listConversations({ ...request, limit: userLimits.exportMessages }, call);
    const lines = conversations.map((head) => ({
      type: 'conversation',
      // Its newest message is somebody's own, and the user's are exported as such.
      ...toJson(`${event}.ConversationHead`, encodeConversationHead({ ...head, lastEvent: new Uint8Array(0), lastState: undefined })),
    }));
    return { lines, nextPage };
  },
  messages: async ({ history, toJson }, { call, ...request }) => {
    const { events, nextPage } = await history.listUserMessages({ ...request, limit: userLimits.exportMessages }, call);
    return { lines: events.map((bytes) => ({ type: 'message', ...toJson(`${event}.ConversationEvent`, bytes) })), nextPage };
  },
  media: async ({ media, toJson }, { call, ...request }) => {
    const answer = await media.listMedia({ ...request, limit: userLimits.page }, call);
    const lines = answer.media.map((each) => ({ type: 'media', ...toJson('parley.media.v1.Media', encodeMedia(each)) }));
    return { lines, nextPage: answer.nextPage };
  },
};

/** Everything that is a user's, page by page; a page may be empty while there is a next one. */
export async function exportUser(deps: UserDeps, request: ExportUserRequest, call: CallOptions): Promise<ExportUserResponseInit> {
  const app = appField(request.app);
  const user = userField('user', request.user);
  const { part, page } = readExportPage(request.page);
  const { lines, nextPage } = await parts[part](deps, { app, user, page, call });
  return { lines: lines.map((line) => JSON.stringify(line)), nextPage: pageBehind(part, nextPage) };
}

function relationsOf(kind: RelationKind, isListed: (view: RelationView) => boolean): ExportOf {
  return async ({ history, toJson }, { call, ...request }) => {
    const { relations, nextPage } = await history.listRelations({ ...request, kind, limit: userLimits.page }, call);
    return { lines: relations.filter(isListed).map((view) => relationLine(view, toJson)), nextPage };
  };
}

const relationLine = (view: RelationView, toJson: ToJson): object => ({
  type: 'relation',
  ...toJson(`${event}.RelationView`, encodeRelationView(view)),
});
