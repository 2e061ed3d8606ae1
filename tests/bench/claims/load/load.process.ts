import { answerCalls } from '../../child-calls.ts'
import { deliverWebhooks } from './deliveries.ts'
import { dequeueOneByOne, workTogether } from './pairs.ts'
import { roundTrips } from './round-trips.ts'
import { createCrowd, type ServeRequest, type WaitRequest } from './waiting-crowd.ts'

/** The load generator: a process of its own, so that it takes no time from the server that it measures. */
const crowd = createCrowd()
answerCalls({
  workTogether,
  dequeueOneByOne,
  deliverWebhooks,
  roundTrips,
  waitTogether: (request: WaitRequest) => crowd.wait(request),
  serveOne: (request: ServeRequest) => crowd.serveOne(request),
  leave: () => crowd.leave(),
})
