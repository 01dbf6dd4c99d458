#!/usr/bin/env node
import { runProgram } from './program.js';

// `parley tail | head` ends the reader first; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
await runProgram(process.argv.slice(2));
