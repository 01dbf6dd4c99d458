import { fetchGraceMs } from '../limits.js';
import type { Address } from '../wire/address.js';
import type { ConnectionPool } from '../wire/connection-pool.js';
import { errorCode, errorNameOf } from '../wire/error-codes.js';
import { decodeFetch, encodeFetch, type FetchRequest, type FetchResult, fetchKey, fetchVersion } from '../wire/fetch-request.js';

/** One fetch request to one broker, on the connection of that purpose. Rejects with ConnectionError. */
export async function fetchOnce(
  pool: ConnectionPool,
  to: { readonly leader: Address; readonly purpose: string },
  request: FetchRequest,
): Promise<readonly FetchResult[]> {
  const connection = await pool.get(to.leader, to.purpose);
  const api = { apiKey: fetchKey, apiVersion: fetchVersion };
  const { errorCode: code, results } = decodeFetch(await connection.request(api, encodeFetch(request), request.waitMs + fetchGraceMs));
  if (code !== errorCode.none) throw new Error(`fetch of ${request.topic}: ${errorNameOf(code)}`);
  return results;
}
