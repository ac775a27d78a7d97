# A density on a logarithmic axis, and places below it.
load ARG1
load style
# Given: left, right, top, bottom of the axes; low, where the density's begins.
set grid noxtics ytics
set lmargin at screen sx(left)
set rmargin at screen sx(right)
set tmargin at screen sy(top)
set bmargin at screen sy(bottom)
plot columns index 0 using 1:(low):2 with filledcurves lc rgb "#CFE0EE" notitle, \
     columns index 0 using 1:2 with lines lc rgb word(colours,2) lw 1.4 notitle, \
     columns index 1 using 1:2 with points pt 2 ps 0.5 lc rgb word(colours,3) notitle
