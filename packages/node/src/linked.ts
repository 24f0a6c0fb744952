/**
 * A controller that also aborts when `parent` does.
 * Warning: in its place `AbortSignal.any` was seen to miss an abort of signals made of signals (Node 24).
 */
export function linked(parent: AbortSignal): AbortController {
  const controller = new AbortController()
  const follow = () => controller.abort(parent.reason)
  if (parent.aborted) follow()
  // Once aborted by itself, it no longer hangs on its parent.
  else parent.addEventListener('abort', follow, { once: true, signal: controller.signal })
  return controller
}
