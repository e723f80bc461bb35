/** Frames by way of colours: what a canvas gives of those whose brightness can't be read. */

import { greyOf } from "../brightness.ts";
import { canvasIsTrue } from "../canvas.ts";
import { NoSignals } from "../model.ts";

let isTrue: boolean | undefined;

/** A canvas that stays the same from frame to frame, since browsers are slow to let go of one. */
export class Drawing {
  #context: OffscreenCanvasRenderingContext2D | undefined;

  /**
   * Draws a frame to that size, and returns its brightness.
   *
   * @throws NoSignals: this browser alters what is read from a canvas, or has none.
   */
  greyOf(shown: CanvasImageSource, width: number, height: number): Uint8Array {
    isTrue ??= canvasIsTrue();
    const context = isTrue ? this.#fitting(width, height) : undefined;
    if (!context) throw new NoSignals("canvas");
    context.drawImage(shown, 0, 0, width, height);
    return greyOf(context.getImageData(0, 0, width, height).data);
  }

  #fitting(width: number, height: number): OffscreenCanvasRenderingContext2D | undefined {
    const { canvas } = this.#context ?? {};
    if (canvas?.width !== width || canvas.height !== height) {
      const settings = { alpha: false, willReadFrequently: true };
      const context = new OffscreenCanvas(width, height).getContext("2d", settings);
      this.#context = context ?? undefined;
    }
    return this.#context;
  }
}
