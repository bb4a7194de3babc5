import type { MessagePort } from 'node:worker_threads'

/** One end of a two-way pipe for messages that survive structured clone: ordered, and silent once closed. */
export interface Wire {
  /** Sends; throws a DataCloneError at once when the message cannot be cloned, does nothing when the wire is closed. */
  post(message: unknown): void
  /** Hears every message from the far end, those posted before its close included. */
  onMessage(listener: (message: unknown) => void): void
  /** Called once when either end has closed the wire. */
  onClose(listener: () => void): void
  close(): void
}

/** A port of `node:worker_threads`; once listened to, and only then heard, it keeps the process alive until closed. */
export function portWire(port: MessagePort): Wire {
  return {
    post: (message) => {
      port.postMessage(message)
    },
    onMessage: (listener) => {
      port.on('message', listener)
    },
    onClose: (listener) => {
      port.once('close', listener)
    },
    close: () => {
      port.close()
    },
  }
}
