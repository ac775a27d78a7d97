# Cubes [N, C, positions] seen from a corner: faces, the elements that are shaded, and lines between elements.
load ARG1
load style
# Given: columns, a block for each shade (none, light, dark) of each face (top, left, right), then the lines, then the dots.
# In grey shades are still far apart, faces of one shade near.
tints = "#FFFFFF #F4F4F4 #E9E9E9 #B9C9DE #ADBED5 #A2B4CC #5B8AC2 #4F7EB6 #4371A8"
set style fill solid 1.0 noborder
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen 1
set bmargin at screen 0
unset border
unset tics
unset grid
set xrange [0:width]
set yrange [height:0]
plot for [i=0:8] columns index i using 1:2 with filledcurves closed fc rgb word(tints, i+1) notitle, \
     columns index 9 using 1:2 with lines lc rgb "#222222" lw 0.6 dt 1 notitle, \
     columns index 10 using 1:2 with points pt 7 ps 0.3 lc rgb "#FFFFFF" notitle
