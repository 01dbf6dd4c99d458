export { type DemoFile, readDemoFile } from './demo-file.js';
export { makeToken, parseLifetime, type TokenRequest } from './make-token.js';
export { makeProgram, runProgram } from './program.js';
