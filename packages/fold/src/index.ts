export * from './erasure.js';
export * from './fold-message.js';
export * from './fold-pins.js';
export * from './mentions.js';
export * from './redact.js';
export * from './targets-of.js';
export * from './visibility.js';
