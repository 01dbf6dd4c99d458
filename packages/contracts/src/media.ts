export * from './gen/media-media.js';
