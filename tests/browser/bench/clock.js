// Says what time it is when it is asked, by the clock that pages and workers share.
const { timeOrigin } = performance
onmessage = () => postMessage(timeOrigin + performance.now())
