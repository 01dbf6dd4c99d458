import type { BlobLike } from './file-source.js';
import { mediaLimits } from './media-limits.js';

interface Canvas {
  width: number;
  height: number;
  getContext(kind: '2d'): { drawImage(picture: unknown, x: number, y: number, width: number, height: number): void } | null;
  toBlob(done: (blob: BlobLike | null) => void, type: string, quality: number): void;
}

interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}

interface PictureGlobals {
  readonly createImageBitmap?: (blob: BlobLike) => Promise<Bitmap>;
  readonly document?: { createElement(name: 'canvas'): Canvas };
}

/** Longer sides, in pixels, and qualities to be tried until the picture is small enough. */
const attempts = [
  [200, 0.7],
  [160, 0.6],
  [120, 0.5],
  [80, 0.5],
  [48, 0.4],
] as const;

/** A small JPEG of a picture, to be shown until the picture is there. Undefined where there is no page, or it is no picture. */
export async function thumbnailOf(blob: BlobLike, globals = globalThis as PictureGlobals): Promise<Uint8Array | undefined> {
  const { createImageBitmap, document } = globals;
  if (createImageBitmap === undefined || document === undefined) return undefined;
  try {
    const picture = await createImageBitmap(blob);
    for (const [side, quality] of attempts) {
      const bytes = await scaled(picture, document.createElement('canvas'), { side, quality });
      if (bytes === undefined || bytes.length > mediaLimits.thumbnailBytesMax) continue;
      picture.close();
      return bytes;
    }
  } catch {
    // A file need not be a picture that this browser knows.
  }
  return undefined;
}

async function scaled(
  picture: Bitmap,
  canvas: Canvas,
  { side, quality }: { readonly side: number; readonly quality: number },
): Promise<Uint8Array | undefined> {
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<BlobLike | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
  const buffer = await blob?.arrayBuffer?.();
  return buffer === undefined ? undefined : new Uint8Array(buffer);
}
