// Plays exchanges.json against a running server: node test/vectors/exchange.mjs ws://127.0.0.1:7700
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { decodeServerFrames } from '@parley/wire';

/** Every exchange of the vectors. */
export const exchanges = JSON.parse(readFileSync(new URL('./exchanges.json', import.meta.url), 'utf8'));

const encodings = {
  'parley.v1.proto': {
    encode: ({ hex }) => Buffer.from(hex, 'hex'),
    decode: (data) => decodeServerFrames(new Uint8Array(data)).frames.map(({ body }) => (body?.type === 'error' ? body.value : undefined)),
  },
  'parley.v1.json': {
    // A step without a JSON form is no message at all, and sent as such.
    encode: ({ json, hex }) => (json === undefined ? hex : JSON.stringify(json)),
    decode: (data) => (JSON.parse(String(data)).frames ?? []).map(({ error }) => error),
  },
};

/** The subprotocols in which an exchange can be played. */
export const subprotocols = Object.keys(encodings);

/** Plays one exchange on a connection of its own; resolves with the first error and the close code of the server. */
export function play(url, subprotocol, { send }) {
  const { encode, decode } = encodings[subprotocol];
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [subprotocol]);
    const errors = [];
    socket.on('open', () => {
      for (const step of send) socket.send(encode(step));
    });
    socket.on('message', (data) => errors.push(...decode(data).filter((error) => error !== undefined)));
    socket.on('error', reject);
    socket.on('close', (close) => resolve({ error: errors[0]?.name, close }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const exchange of exchanges) {
    for (const subprotocol of subprotocols) {
      const { error, close } = await play(process.argv[2], subprotocol, exchange);
      const isAsExpected = error === exchange.error && close === exchange.close;
      console.log(`${isAsExpected ? 'ok    ' : 'FAILED'} ${subprotocol} ${exchange.name}: ${error}, ${close}`);
      if (!isAsExpected) process.exitCode = 1;
    }
  }
}
