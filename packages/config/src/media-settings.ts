import { z } from 'zod';
import { setting } from './setting.js';

const text = (meaning: string, expects: string) => setting(z.string().min(1).optional(), { meaning, expects });

/** Where files are kept, and where clients upload and download them. */
export const mediaSettings = z
  .strictObject({
    host: setting(z.string().min(1).default('127.0.0.1'), {
      meaning: 'Interface of uploads and downloads; 0.0.0.0 for all.',
      expects: 'a host name or IP address',
    }),
    port: setting(z.int().min(0).max(65_535).default(7703), {
      meaning: 'Port of uploads and downloads.',
      expects: 'a port from 0 (any free one) to 65535',
    }),
    publicUrl: setting(
      z
        .string()
        .regex(/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/)
        .optional(),
      {
        meaning: 'Address at which clients reach uploads and downloads, where it is not that of the process.',
        expects: 'a URL like https://media.example.org',
        defaultText: 'http://<media.host>:<media.port>',
      },
    ),
    dir: setting(z.string().min(1).optional(), {
      meaning: 'Folder of files, where there is no S3; only one process may serve it.',
      expects: 'a path',
      defaultText: '<dataDir>/media',
    }),
    userBytesPerDay: setting(
      z
        .int()
        .min(1)
        .default(10 * 1024 ** 3),
      {
        meaning: 'What one user may begin to upload a day (UTC), bytes; counted by each process, so that nobody fills the disk.',
        expects: 'a whole number of bytes, 1 or more',
      },
    ),
    s3: z
      .strictObject({
        endpoint: setting(
          z
            .string()
            .regex(/^https?:\/\/[^\s/?#]+$/)
            .optional(),
          {
            meaning: 'Object store with the interface of S3; with bucket and keys it takes the place of the folder.',
            expects: 'a URL like https://s3.eu-central-1.amazonaws.com',
          },
        ),
        region: setting(z.string().min(1).default('us-east-1'), { meaning: 'Region of the bucket.', expects: 'the name of a region' }),
        bucket: text('Bucket that holds the files.', 'the name of a bucket'),
        accessKeyId: text('Id of the key to the bucket.', 'the id of a key'),
        secretAccessKey: setting(z.string().min(1).optional(), { meaning: 'That key.', expects: 'a secret key', isSecret: true }),
      })
      .prefault({}),
    urlKey: setting(z.string().min(32).optional(), {
      meaning: 'Signs the URLs of uploads and downloads; the same for all media processes. Made in the data folder where it is absent.',
      expects: 'at least 32 characters',
      isSecret: true,
    }),
  })
  .prefault({});

/** A bucket for files. */
export interface MediaS3Config {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
