/** What a circuit proves: commit 2, winning PoSt, window PoSt, a replica update (snap). */
export type CircuitKind = 'porep' | 'winning-post' | 'window-post' | 'empty-sector-update';
