/// The size of a picture, a schedule, and the sizes of the stages.
const EXPECTED_SIZES: &[(Size, Schedule, &[Size])] = &[
    ((341, 512), Schedule { min_size: 25, max_size: 250, stages: 6, spacing: Spacing::Improved }, &[(25, 38), (31, 47), (41, 61), (60, 89), (115, 171), (167, 250)]),
    ((84, 126), Schedule { min_size: 25, max_size: 250, stages: 6, spacing: Spacing::Improved }, &[(25, 38), (29, 43), (35, 52), (44, 66), (66, 99), (84, 126)]),
    ((84, 126), Schedule { min_size: 25, max_size: 250, stages: 6, spacing: Spacing::Geometric }, &[(25, 38), (32, 48), (41, 61), (52, 78), (66, 99), (84, 126)]),
    ((1080, 1920), Schedule { min_size: 25, max_size: 250, stages: 10, spacing: Spacing::Improved }, &[(26, 45), (28, 49), (30, 53), (34, 59), (38, 67), (45, 79), (54, 96), (72, 127), (117, 207), (141, 250)]),
    ((500, 333), Schedule { min_size: 30, max_size: 300, stages: 3, spacing: Spacing::Improved }, &[(46, 31), (117, 78), (300, 200)]),
    ((250, 250), Schedule { min_size: 25, max_size: 250, stages: 8, spacing: Spacing::Geometric }, &[(26, 26), (35, 35), (49, 49), (68, 68), (94, 94), (130, 130), (180, 180), (250, 250)]),
    ((97, 143), Schedule { min_size: 18, max_size: 90, stages: 5, spacing: Spacing::Improved }, &[(18, 27), (22, 32), (29, 42), (46, 67), (62, 90)]),
    ((3024, 4032), Schedule { min_size: 25, max_size: 1000, stages: 9, spacing: Spacing::Improved }, &[(26, 34), (31, 41), (38, 51), (49, 66), (68, 90), (102, 136), (182, 243), (491, 654), (750, 1000)]),
];
