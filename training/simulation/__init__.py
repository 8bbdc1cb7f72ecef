"""A simulated world of members and classes, whose true probabilities are known.

`spec` says how large it is. `members` and `classes` are who and what there is, in the coordinates of `traits` and
the words of `vocabulary`. `today` holds what a day begins with: `visits`, the `shelf` of classes, and the `memory`
of the members. `exposure` decides who is shown what, `truth` how probable a start is, `outcomes` what follows.
`world` puts the days together, `writer` puts them on disk, `simulator` does it all.
"""
