/**
 * Packed signals of a video, `video1`.
 *
 * Twin of `VideoSignals.pack` in `src/takeback/hashing/video_signals.py`, whose docstring draws the
 * layout; both are held to `vectors/video1.json`.
 */

/** A frame that is kept. */
export interface KeptFrame {
  /** Milliseconds from the start. */
  readonly time: number;
  /** 50 to 100. */
  readonly quality: number;
  /** The signal of the whole frame, as hexadecimal digits. */
  readonly whole: string;
  /** The signal of what is inside the border; of all frames or of none. */
  readonly trimmed?: string;
}

/** The keypoints of a chosen frame. */
export interface KeypointFrame {
  /** Milliseconds from the start. */
  readonly time: number;
  /** Packed `kp1`. */
  readonly packed: Uint8Array;
}

/** What is left of a video once it is hashed. */
export interface VideoSignals {
  /** Milliseconds from the first frame to the end of the last that could be read. */
  readonly duration: number;
  /** False if the file ends early or is damaged. */
  readonly complete: boolean;
  /** Ascending by time, at least one. */
  readonly frames: readonly KeptFrame[];
  /** Ascending by time. */
  readonly keypoints: readonly KeypointFrame[];
  /** Digests of the file. */
  readonly md5: Uint8Array;
  readonly sha256: Uint8Array;
}

/** Writes what is registered: digests, duration, frames, and keypoints if she chose so. */
export function pack(signals: VideoSignals, keypoints: boolean): Uint8Array {
  const { frames } = signals;
  const chosen = keypoints ? signals.keypoints : [];
  const trimmed = frames.flatMap((frame) => frame.trimmed ?? []);
  const flags = Number(signals.complete) + 2 * Number(trimmed.length > 0);
  return joined([
    signals.md5,
    signals.sha256,
    whole(signals.duration, 4),
    Uint8Array.of(flags),
    whole(frames.length, 2),
    Uint8Array.of(chosen.length),
    ...frames.map((frame) => whole(frame.time, 4)),
    Uint8Array.from(frames, (frame) => frame.quality),
    ...frames.map((frame) => bytesOf(frame.whole)),
    ...trimmed.map(bytesOf),
    ...chosen.flatMap((frame) => [
      whole(frame.time, 4),
      whole(frame.packed.length, 2),
      frame.packed,
    ]),
  ]);
}

/** Writes a whole number, the most significant byte first. */
function whole(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => value / 256 ** (bytes - 1 - at));
}

function bytesOf(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
