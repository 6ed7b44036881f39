/** Whether shortcuts are written with ⌘. Only the wording depends on it. */
export const IS_MAC = /mac|iphone|ipad/i.test(navigator.platform);
