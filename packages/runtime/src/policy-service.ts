import { createAdmissionPolicy, PolicyService } from '@parley/contracts/policy';
import { isAppId, ParleyError } from '@parley/kernel';
import type { RpcServer, ServiceHandlers } from '@parley/rpc';
import type { LogPolicyBook } from './policy-book.js';

/** Answers the calls about policies; every process does, from the topic that all of them follow. */
export function servePolicies(server: RpcServer, policies: LogPolicyBook): void {
  server.serve(PolicyService, policyHandlers(policies));
}

/** The calls themselves. */
function policyHandlers(policies: LogPolicyBook): ServiceHandlers<typeof PolicyService> {
  return {
    setPolicy: async ({ app, policy = createAdmissionPolicy({}) }, { signal }) => {
      checkApp(app);
      await policies.setPolicy(app, policy, signal);
      return {};
    },
    getPolicy: async ({ app }) => {
      checkApp(app);
      return { policy: policies.policyOf(app) };
    },
  };
}

function checkApp(app: string): void {
  if (!isAppId(app)) throw new ParleyError('INVALID_ARGUMENT', 'app: expected 1–64 of A-Z a-z 0-9 _ - .');
}
