import type { Reservation } from '../limits/counters.js'

/** The reservations of one attempt: per name and address, and per name. */
export type Reservations = [Reservation | Promise<Reservation>, Reservation | Promise<Reservation>]

export function isRefused (reservation: Reservation | Promise<Reservation>): boolean {
  return !(reservation instanceof Promise) && reservation.exceeded
}

export function isGranted (reservation: Reservation | Promise<Reservation>): reservation is Reservation {
  return !(reservation instanceof Promise || reservation.exceeded)
}

/** Awaits both. If one fails, releases the other. */
export async function both (reservations: Reservations): Promise<[Reservation, Reservation]> {
  try {
    return await Promise.all(reservations)
  } catch (error) {
    for (const each of reservations) Promise.resolve(each).then(reservation => reservation.release(), () => {})
    throw error
  }
}
