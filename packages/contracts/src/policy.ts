export * from './gen/policy-policy.js';
