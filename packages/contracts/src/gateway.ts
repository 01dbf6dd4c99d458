export * from './gen/gateway-gateway.js';
