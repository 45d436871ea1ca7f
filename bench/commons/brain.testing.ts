export { killPushes } from "../../packages/brain/src/sharing/testing/kills.ts"
export { layoutReader } from "../../packages/brain/src/store/testing/hostile.ts"
export { killHubs } from "../../packages/hub/src/testing/kills.ts"
